/** The server of npm's `@fluent-org/logger`: `node npm-server.mjs FILE` with its port as JSON. */
import { readFileSync } from 'node:fs';
import { FluentServer } from '@fluent-org/logger';

const { port } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const server = new FluentServer({ listenOptions: { port, host: '127.0.0.1' } });
server.on('entry', () => undefined);
await server.listen();
process.on('SIGTERM', () => process.exit());
