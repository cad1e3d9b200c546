import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../workspace.mjs';

// The site of `npm run docs`; looked at where everything is, as in CI.
const deep = process.env.SLUICE_DEEP === '1';
const site = path.join(root, 'out/site');

describe.runIf(deep)('the site', () => {
  test('is built', () => {
    expect(existsSync(path.join(site, 'index.html')), 'run npm run docs first').toBe(true);
  });

  test('has no link that leads nowhere', { timeout: 120_000 }, () => {
    const pages = new Map(
      readdirSync(site, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.html'))
        .map((name) => [name, readFileSync(path.join(site, name), 'utf8')]),
    );
    expect(pages.size).toBeGreaterThan(500);
    const ids = new Map(
      [...pages].map(([name, text]) => [
        name,
        new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)),
      ]),
    );
    const broken = [];
    for (const [name, text] of pages) {
      const links = new Set([...text.matchAll(/<a\s[^>]*?href="([^"]+)"/g)].map(([, to]) => to));
      for (const link of links) {
        const url = new URL(link.replaceAll('&amp;', '&'), `http://site/${name}`);
        if (url.host !== 'site') continue;
        const file = decodeURIComponent(url.pathname.slice(1)).replace(/(^|\/)$/, '$1index.html');
        const page = [file, `${file}.html`].find((each) => existsSync(path.join(site, each)));
        const id = decodeURIComponent(url.hash.slice(1));
        if (page === undefined) broken.push(`${name}: ${link}`);
        else if (id !== '' && !ids.get(page)?.has(id))
          broken.push(`${name}: ${link} has no anchor`);
      }
    }
    expect(broken).toEqual([]);
  });

  describe('in a browser', () => {
    let server: Server;
    let base: string;
    let browser: Browser;
    beforeAll(async () => {
      server = createServer((request, response) => {
        const { pathname } = new URL(request.url ?? '/', 'http://site');
        const file = path.join(site, pathname.endsWith('/') ? `${pathname}index.html` : pathname);
        if (!existsSync(file)) return response.writeHead(404).end();
        response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'text/plain' });
        return response.end(readFileSync(file));
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-dev-shm-usage'],
      });
    }, 120_000);
    afterAll(async () => {
      await browser.close();
      server.close();
    });

    const pages = [
      '/',
      '/start-here.html',
      '/which-package.html',
      '/socket-options.html',
      '/packages/server.html',
      '/reference/',
      '/reference/in_forward.html',
      '/api/server/interfaces/Connection.html',
    ];
    const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
      [1280, 390].map((width) => ({ colorScheme, width })),
    );

    test.each(looks)(
      'nothing serious keeps anybody out: $colorScheme, $width px',
      { timeout: 180_000 },
      async ({ colorScheme, width }) => {
        const context = await browser.newContext({
          colorScheme,
          viewport: { width, height: 900 },
          reducedMotion: 'reduce',
        });
        const page = await context.newPage();
        const found: string[] = [];
        page.on('pageerror', (error) => found.push(error.message));
        for (const place of pages) {
          await page.goto(base + place, { waitUntil: 'networkidle' });
          await page.addScriptTag({ content: axe.source });
          const { violations } = await page.evaluate(() => {
            const { axe: checker } = globalThis as unknown as { axe: typeof axe };
            return checker.run({ exclude: ['.shiki'] }, { resultTypes: ['violations'] });
          });
          for (const { id, impact, nodes } of violations) {
            if (impact !== 'serious' && impact !== 'critical') continue;
            found.push(
              `${place}: ${id}: ${nodes[0].html.slice(0, 150)}: ${nodes[0].failureSummary}`,
            );
          }
          const tooWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
          if (tooWide === true) found.push(`${place} is wider than the window`);
        }
        await context.close();
        expect(found).toEqual([]);
      },
    );

    test('the search opens by Ctrl-K, and finds a parameter', { timeout: 120_000 }, async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await page.goto(base, { waitUntil: 'networkidle' });
      await page.keyboard.press('Control+k');
      await page.locator('#localsearch-input').fill('total_in_flight_limit');
      const first = page.locator('.results .result').first();
      await first.waitFor();
      expect(await page.locator('.results').textContent()).toContain('total_in_flight_limit');
      await first.click();
      await page.waitForURL((url) => url.pathname !== '/');
      await page.close();
    });
  });
});

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
};
