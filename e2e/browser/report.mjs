// Opens a report in Chromium and prints what a user sees, for report_test.py.
import {clickRow, facts, moveTo, open, painted, pdf, settled, shot, text, visit} from './visit.mjs';

async function report() {
  const page = await open('report.html', {colorScheme: 'light'});
  await painted(page);
  const seen = {
    headings: await page.locator('h2').allInnerTexts(),
    figures: await page.locator("figure.levels svg").count(),
    rows: await page.locator('section table').first().locator('tbody tr').count(),
    graphs: await page.locator('.flame').count(),
    captions: await page.locator('caption').allInnerTexts(),
    titles: await page.locator('.flame h3').allInnerTexts(),
  };
  seen.no_sideways = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  await shot(page, 'report-top');

  await page.locator('.flame').first().scrollIntoViewIfNeeded();
  await page.waitForSelector('.flame-live');
  await settled(page);
  seen.whole = await text(page, 'chosen');
  await shot(page, 'report-flame');
  await clickRow(page, 6);
  seen.zoomed = await text(page, 'chosen');
  await moveTo(page, 8);
  await page.waitForSelector('.flame-tip:not([hidden])');
  seen.tip = await text(page, 'tip');
  await page.locator('.flame-reset').first().click();
  await page.locator('.flame-search').first().fill('send');
  await settled(page);
  seen.found = await text(page, 'found');
  await shot(page, 'report-search');
  const changes = page.getByText('Functions that differ by more than chance').first();
  if (await changes.count() > 0) {
    await changes.scrollIntoViewIfNeeded();
    await settled(page);
    await shot(page, 'report-changes');
    await page.mouse.wheel(0, 800);
    await settled(page);
    await shot(page, 'report-differences');
  }
  facts.report = seen;
  await page.context().close();
}

// The width of A4 without margins of 10 mm, at 96 pixels per inch.
const PAPER = {width: Math.round((297 - 20) / 25.4 * 96), height: Math.round((210 - 20) / 25.4 * 96)};

async function onPaper() {
  const page = await open('report.html', {viewport: PAPER, colorScheme: 'light'});
  await page.emulateMedia({media: 'print'});
  await page.waitForSelector('.flame-still');
  await painted(page);
  facts.paper = await page.evaluate(() => {
    const still = document.querySelector('.flame-still');
    return {
      // In points, 72 per inch.
      letters_pt: 11 * still.getBoundingClientRect().width / still.viewBox.baseVal.width * 0.75,
      table_pt: parseFloat(getComputedStyle(document.querySelector('table')).fontSize) * 0.75,
      too_wide: [...document.querySelectorAll('table, figure, .flame')]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.innerText.slice(0, 80)),
    };
  });
  await pdf(page, 'report');
  await page.context().close();
}

async function withoutScript() {
  const page = await open('report.html', {javaScriptEnabled: false, colorScheme: 'dark'});
  facts.still = await page.locator('.flame-still').first().isVisible();
  await shot(page, 'report-without-script', {fullPage: true});
  await page.context().close();
}

await visit(report, onPaper, withoutScript);
