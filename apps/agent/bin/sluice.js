#!/usr/bin/env node
import { enableCompileCache } from '../dist/compile-cache.js';

enableCompileCache();
const { main } = await import('../dist/cli/main.js');

process.exitCode = await main(process.argv.slice(2));
