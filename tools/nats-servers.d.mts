export declare function natsIsInstalled(): boolean;

export declare class NatsServer {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly pid: number;
  start(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  end(signal: NodeJS.Signals): Promise<void>;
}

export declare function natsServers(
  folder: string,
  size?: number,
  options?: {
    readonly config?: string;
    readonly jetstream?: boolean;
    readonly ports?: readonly number[];
  },
): Promise<NatsServer[]>;
