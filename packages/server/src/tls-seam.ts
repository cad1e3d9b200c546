// Replaced by @sluice/tls once it is there.
export type ServerTlsOptions = object;
