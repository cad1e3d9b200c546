/** What `sluice --help` prints. */
export const usage = `Usage:
  sluice -c FILE              run with a Fluentd configuration file
  sluice --dry-run -c FILE    only check the configuration
  sluice config show -c FILE  print the configuration in effect, secrets masked
  sluice plugin list          list the plugins: kind, type, where from, version
  sluice plugin show [NAME]   print what plugins do, or the parameters of one
  sluice cat [options] TAG    send JSON lines from standard input to a forward port

Options:
  -c, --config FILE           configuration file
  -p, --plugin PATH|PACKAGE   load a plugin; may be repeated
      --dry-run               check the configuration and exit
  -v, --verbose               more log: once is debug, twice is trace
  -q, --quiet                 less log: once is warn, twice is error
      --log-format FORMAT     text or json (default: text)
  -w, --workers N             so many worker processes, whatever <system> says
  -i, --inline-config TEXT    append TEXT to the configuration file's
      --pid-file FILE         write the process's number to FILE
      --umask MODE            octal, such as 027
      --no-supervisor         one process that does everything, and cannot reload
  -h, --help                  print this help
      --version               print the version

Options of config show:
  -p, --plugin PATH|PACKAGE   load a plugin; may be repeated
      --worker-id N           as worker N reads it (default: 0)
      --no-defaults           leave out parameters that are not in the file
      --show-secrets          do not mask secrets

Options of plugin list and plugin show:
  -p, --plugin PATH|PACKAGE   load a plugin; may be repeated
  -c, --config FILE           look for modules in the folder of FILE, too
      --json                  as JSON

Options of cat:
      --host HOST             default: 127.0.0.1
  -p, --port PORT             default: 24224
  -u, --unix PATH             send to a Unix socket
      --tls                   use TLS
      --ca FILE               trust this CA (PEM) instead of the system's
      --insecure              do not verify the server's certificate
      --no-ack                do not wait until the server has the events
`;
