// Opens flame graphs in Chromium and prints what a user sees, for flame_graph_test.py.
import {clickRow, facts, moveTo, open, painted, pdf, pixels, settled, shot, text, timed, visit} from './visit.mjs';

// The least of several times: other work of the machine can only make it longer.
const ROUNDS = 3;

async function openedLarge() {
  const page = await open('large.html', {colorScheme: 'light'});
  await page.waitForSelector('.flame-tip', {state: 'attached'});
  facts.open_ms = Math.min(facts.open_ms ?? Infinity, await painted(page));
  return page;
}

async function large() {
  for (let i = 1; i < ROUNDS; i++) await (await openedLarge()).context().close();
  const page = await openedLarge();
  facts.parsed_ms = await page.evaluate(() => performance.getEntriesByType('navigation')[0].domInteractive);
  const seen = {data: await page.evaluate(() => JSON.parse(document.querySelector('.flame-data').textContent).depth.length)};
  seen.bar = await page.locator('.flame-bar').isVisible();
  seen.still = await page.locator('.flame-still').isVisible();
  seen.whole = await text(page, 'chosen');
  await shot(page, 'large-light');

  const before = await pixels(page);
  await clickRow(page, 5);
  seen.zoomed = await text(page, 'chosen');
  seen.repainted = before !== await pixels(page);
  await shot(page, 'large-zoomed');
  await moveTo(page, 7);
  await page.waitForSelector('.flame-tip:not([hidden])');
  seen.tip = await text(page, 'tip');
  await shot(page, 'large-tip');

  await page.locator('.flame-view').first().focus();
  await page.keyboard.press('Escape');
  await settled(page);
  seen.reset = await text(page, 'chosen');
  await page.mouse.move(2, 2);
  seen.same = before === await pixels(page);

  await page.keyboard.press('Control+f');
  seen.ctrl_f = await page.evaluate(() => document.activeElement.className);
  await page.keyboard.type('epoll_wait');
  await painted(page);
  seen.found = await text(page, 'found');
  await shot(page, 'large-search');
  await page.keyboard.press('Enter');
  await page.keyboard.press('/');
  await page.keyboard.press('Control+a');
  await page.keyboard.type('/^(recv|__send)$/');
  seen.found_pattern = await text(page, 'found');
  await page.locator('.flame-reset').click();
  seen.found_nothing = await text(page, 'found');

  // With the keyboard only: go down to main, then to the heaviest child each time, and zoom.
  await page.locator('.flame-view').first().focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
  seen.keyboard = await text(page, 'chosen');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowUp');
  await settled(page);
  seen.keyboard_up = await text(page, 'chosen');
  await page.keyboard.press('Escape');

  await page.getByRole('button', {name: 'Bottom up'}).click();
  await settled(page);
  await page.locator('.flame-view').first().focus();
  await page.keyboard.press('ArrowDown');
  seen.bottom_up = await text(page, 'chosen');
  await shot(page, 'large-bottom-up');
  await page.getByRole('button', {name: 'Top down'}).click();
  await page.getByRole('button', {name: 'Flip'}).click();
  await settled(page);
  await shot(page, 'large-flipped');
  await page.getByRole('button', {name: 'Flip'}).click();

  const zoom = (row) => `
    const canvas = document.querySelector('canvas'), box = canvas.getBoundingClientRect();
    canvas.dispatchEvent(new MouseEvent('click', {clientX: box.left + box.width * 0.5, clientY: box.top + ${row} * 19 + 9}));`;
  const type = (words) => `
    const search = document.querySelector('.flame-search');
    search.value = '${words}'; search.dispatchEvent(new Event('input'));`;
  const press = (name) => `[...document.querySelectorAll('.flame-bar button')].find((one) => one.textContent === '${name}').click();`;
  const reset = "document.querySelector('.flame-reset').click();";
  for (let i = 0; i < ROUNDS; i++) {
    facts.zoom_ms = Math.min(facts.zoom_ms ?? Infinity, await timed(page, zoom(4)));
    facts.reset_ms = Math.min(facts.reset_ms ?? Infinity, await timed(page, reset));
  }
  facts.search_ms = await timed(page, type('tcp'));
  facts.bottom_up_again_ms = await timed(page, press('Bottom up'));
  facts.large = seen;
  await page.context().close();

  const fresh = await open('large.html', {colorScheme: 'dark'});
  await fresh.waitForSelector('.flame-live');
  await painted(fresh);
  await shot(fresh, 'large-dark');
  facts.bottom_up_ms = await timed(fresh, press('Bottom up'));
  await fresh.context().close();
}

async function difference() {
  const page = await open('difference.html', {colorScheme: 'light'});
  await page.waitForSelector('.flame-tip', {state: 'attached'});
  await painted(page);
  const seen = {sections: await page.locator('.flame').count()};
  await page.locator('.flame-search').first().fill('epoll_wait');
  seen.found = await text(page, 'found');
  await page.locator('.flame-search').first().fill('');
  await page.mouse.move(2, 2);
  await shot(page, 'difference-light');
  // Point at the most expensive category.
  await page.locator('.flame-view').first().focus();
  for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
  seen.chosen = await text(page, 'chosen');
  const both = await pixels(page);
  await page.getByRole('button', {name: 'hyper', exact: true}).first().click();
  await settled(page);
  seen.widths_changed = both !== await pixels(page);
  await page.getByRole('button', {name: 'both'}).first().click();
  await moveTo(page, 1);
  await page.waitForSelector('.flame-tip:not([hidden])');
  seen.tip = await text(page, 'tip');
  await shot(page, 'difference-tip');
  // The other graphs become active when scrolled into view.
  for (let i = 0; i < 12; i++) {
    await page.mouse.wheel(0, 600);
    await painted(page);
  }
  await page.waitForFunction(() => document.querySelectorAll('.flame-tip').length === 5);
  await page.emulateMedia({media: 'print'});
  await painted(page);
  seen.print_still = await page.locator('.flame-still').first().isVisible();
  seen.print_bar = await page.locator('.flame-bar').first().isVisible();
  seen.print_view = await page.locator('.flame-view').first().isVisible();
  await pdf(page, 'difference');
  await page.evaluate(() => scrollTo(0, 0));
  await shot(page, 'difference-print');
  facts.difference = seen;
  await page.context().close();

  const dark = await open('difference.html', {colorScheme: 'dark'});
  await dark.waitForSelector('.flame-live');
  await painted(dark);
  await shot(dark, 'difference-dark');
  await dark.context().close();
}

async function withoutScript() {
  const page = await open('large.html', {javaScriptEnabled: false});
  facts.without_script = {
    still: await page.locator('.flame-still').isVisible(),
    bar: await page.locator('.flame-bar').isVisible(),
    boxes: await page.locator('.flame-still rect').count(),
    title: await page.locator('.flame-still title').nth(1).textContent(),
  };
  await shot(page, 'without-script');
  await page.context().close();
}

async function narrow() {
  const page = await open('difference.html', {viewport: {width: 420, height: 800}, colorScheme: 'light'});
  await page.waitForSelector('.flame-tip', {state: 'attached'});
  await painted(page);
  facts.narrow = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await shot(page, 'narrow');
  await page.context().close();
}

await visit(large, difference, withoutScript, narrow);
