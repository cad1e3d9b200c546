import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** `rpc_endpoint` and `enable_get_dump` of `<system>`; goes through JSON. */
export interface RpcSettings {
  readonly host: string;
  readonly port: number;
  /** What `/api/config.getDump` answers. Default: it is an unknown path. */
  readonly dump?: string | undefined;
}

/** What a call does. */
export interface RpcActions {
  /** As if the process had received the signal. */
  signal(signal: NodeJS.Signals): void;
}

const signalsOf: Readonly<Record<string, readonly NodeJS.Signals[]>> = {
  '/api/processes.interruptWorkers': ['SIGINT'],
  '/api/processes.killWorkers': ['SIGTERM'],
  '/api/processes.flushBuffersAndKillWorkers': ['SIGUSR1', 'SIGTERM'],
  '/api/processes.zeroDowntimeRestart': ['SIGUSR2'],
  '/api/plugins.flushBuffers': ['SIGUSR1'],
  '/api/config.reload': ['SIGHUP'],
  '/api/config.gracefulReload': ['SIGUSR2'],
};

/** Serves Fluentd's calls over HTTP, each of which is a signal. Fluentd: `rpc_endpoint`. */
export class RpcServer {
  readonly #settings: RpcSettings;
  readonly #actions: RpcActions;
  readonly #server: Server;

  private constructor(settings: RpcSettings, actions: RpcActions) {
    this.#settings = settings;
    this.#actions = actions;
    this.#server = createServer(
      { requestTimeout: 5000, headersTimeout: 5000 },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = 32;
  }

  /** @throws the system's error where the address cannot be listened on */
  static async start(settings: RpcSettings, actions: RpcActions): Promise<RpcServer> {
    const rpc = new RpcServer(settings, actions);
    const { host, port } = settings;
    rpc.#server.listen({ host, port, exclusive: true });
    await once(rpc.#server, 'listening');
    rpc.#server.unref();
    return rpc;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer({ url = '/', headers }: IncomingMessage, response: ServerResponse): void {
    const path = url.replace(/\?.*$/s, '');
    const reply = (status: number, body: object, then?: () => void): void => {
      const text = JSON.stringify({ ...body, ok: status === 200 });
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' });
      response.end(text, then);
    };
    // A page in somebody's browser must not stop the agent.
    if (headers.origin !== undefined || headers['sec-fetch-site'] !== undefined) {
      reply(403, { message: 'not for browsers' });
      return;
    }
    const { dump } = this.#settings;
    if (path === '/api/config.getDump' && dump !== undefined) {
      reply(200, { conf: dump });
      return;
    }
    if (!Object.hasOwn(signalsOf, path)) {
      reply(404, { message: `unknown call ${path}` });
      return;
    }
    reply(200, {}, () => {
      for (const signal of signalsOf[path]) this.#actions.signal(signal);
    });
  }
}
