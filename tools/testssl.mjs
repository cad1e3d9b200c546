/**
 * Runs testssl.sh (Debian package `testssl.sh`) against a server with the TLS configuration that
 * the README of @sluice/tls recommends: `node tools/testssl.mjs`, after a build. Prints all that
 * it finds and fails on anything worse than LOW. Takes about a minute.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import {
  createServerContext,
  generateCa,
  issueServerCertificate,
} from '../packages/tls/dist/index.js';

/** The recommended configuration, beside the certificate. */
const recommended = /** @type {const} */ ({
  minVersion: 'TLSv1_2',
  maxVersion: 'TLSv1_3',
  ciphers: 'ECDHE+AESGCM:ECDHE+CHACHA20',
});
const tolerated = new Set(['DEBUG', 'INFO', 'OK', 'LOW']);
// Warnings about what testssl.sh itself cannot do here, which say nothing about the server.
const unseen = new Set([
  // testssl.sh 3.0 hangs up before a TLS 1.3 ticket can come. That sessions are resumed is held by
  // the tests of @sluice/tls.
  'sessionresumption_ticket',
  // The machine's openssl has no GOST engine.
  'engine_problem',
]);

const command = ['testssl', 'testssl.sh'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined,
);
if (command === undefined) {
  console.error('testssl: not installed (apt-get install testssl.sh)');
  process.exit(1);
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-testssl-'));
const file = (/** @type {string} */ name) => path.join(folder, name);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// A certificate as a CA in production issues it: a year at most, and with a revocation list.
const ca = await generateCa();
const server = await issueServerCertificate({
  caCertificate: ca.certificate,
  caPrivateKey: ca.privateKey,
  commonName: 'localhost',
  expiration: 365 * 24 * 60 * 60,
  crlUrls: ['http://127.0.0.1/ca.crl'],
});
writeFileSync(file('ca.pem'), ca.certificate);
writeFileSync(file('cert.pem'), server.certificate);
writeFileSync(file('key.pem'), server.privateKey);

const context = await createServerContext({
  ...recommended,
  certPath: file('cert.pem'),
  privateKeyPath: file('key.pem'),
});
const upgrade = tls.createServer(context.options, (socket) => socket.on('error', () => undefined));
upgrade.on('tlsClientError', () => undefined); // most of what testssl.sh tries has to fail
context.attach(upgrade);
const listener = net.createServer((raw) => {
  raw.on('error', () => undefined);
  upgrade.emit('connection', raw);
});
await new Promise((resolve) => listener.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {net.AddressInfo} */ (listener.address());

const child = spawn(
  command,
  [
    ...['--quiet', '--color', '0', '--warnings', 'batch', '--ip', '127.0.0.1'],
    ...['--add-ca', file('ca.pem'), '--jsonfile', file('findings.json'), `localhost:${port}`],
  ],
  { stdio: ['ignore', 'inherit', 'inherit'], cwd: folder },
);
await new Promise((resolve) => child.on('exit', resolve));
context.close();
listener.close();

/** @type {{ id: string, severity: string, finding: string }[]} */
const findings = JSON.parse(readFileSync(file('findings.json'), 'utf8'));
const bad = findings.filter(
  ({ id, severity }) => !tolerated.has(severity) && !(severity === 'WARN' && unseen.has(id)),
);
for (const { id, severity, finding } of bad) console.error(`${severity} ${id}: ${finding}`);
// Cut off, or unable to connect, testssl.sh writes a few findings only.
const complete = findings.length > 100;
if (!complete)
  console.error(`testssl: only ${findings.length} findings, so it did not get through`);
console.log(`testssl: ${findings.length} findings, ${bad.length} worse than LOW`);
process.exit(bad.length === 0 && complete ? 0 : 1);
