// Shared by the scripts in this folder: a browser, and actions on a page of flame graphs.
//
//   node SCRIPT PLAYWRIGHT CHROMIUM PAGES SCREENSHOTS
//
// PLAYWRIGHT is the folder of playwright-core. The output is JSON, for browser.py.
import {createRequire} from 'node:module';
import {join} from 'node:path';

const [playwright, executablePath, pages, screenshots] = process.argv.slice(2);
const {chromium} = createRequire(import.meta.url)(playwright);
const TIMEOUT_MS = 60_000;

const browser = await chromium.launch({executablePath});
// The output: the results of the script, the errors in each page, and the URL schemes of its requests.
export const facts = {errors: [], requests: []};

export async function open(name, {viewport = {width: 1400, height: 900}, ...options} = {}) {
  const context = await browser.newContext({viewport, offline: true, ...options});
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.on('pageerror', (error) => facts.errors.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && facts.errors.push(message.text()));
  page.on('request', (request) => facts.requests.push(request.url().slice(0, 5)));
  await page.goto(`file://${join(pages, name)}`);
  return page;
}

export const shot = (page, name, options = {}) =>
  page.screenshot({path: join(screenshots, `${name}.png`), ...options});
// The size of the first page is a fact: [width, height] in points.
export async function pdf(page, name) {
  const printed = await page.pdf({path: join(screenshots, `${name}.pdf`), preferCSSPageSize: true, printBackground: true});
  const box = printed.toString('latin1').match(/\/MediaBox\s*\[\s*[\d.]+\s+[\d.]+\s+([\d.]+)\s+([\d.]+)/);
  facts[`${name}_page`] = box && box.slice(1).map(Number);
}
export const text = (page, part) => page.locator(`.flame-${part}`).first().innerText();
// After two frames every change is on the screen.
export const painted = (page) => page.evaluate(() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
export const settled = async (page) => { await page.waitForTimeout(250); await painted(page); };
// Performs an action in the page, and returns the milliseconds until the result is on the screen.
export const timed = (page, does) => page.evaluate(async (source) => {
  const begin = performance.now();
  new Function(source)();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begin;
}, does);
export const pixels = (page) => page.evaluate(() => document.querySelector('canvas').toDataURL());

// A row of the first graph, at the likely position of its heaviest frame.
export async function moveTo(page, row, across = 0.4) {
  const box = await page.locator('.flame-view canvas').first().boundingBox();
  await page.mouse.move(box.x + box.width * across, box.y + row * 19 + 9);
}

export async function clickRow(page, row) {
  await moveTo(page, row);
  await page.mouse.down();
  await page.mouse.up();
  await settled(page);
}

// Runs the visits one after another. If one fails, prints the results so far too.
export async function visit(...visits) {
  try {
    for (const one of visits) await one();
  } finally {
    console.log(JSON.stringify(facts));
    await browser.close();
  }
}
