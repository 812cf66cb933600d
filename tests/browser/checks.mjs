// What must be so on the pages, each check on a page of its own.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const named = (path) => (path === "/" ? "overview" : path.slice(1));
const menu = (visit, path) => visit.page.locator(`.menu a[href="${path}"], .menu a[href^="${path}?"]`);
const chips = (visit) => visit.page.locator(".chips a:not(.clear)");
const choose = (visit, name, value) => visit.follow(() => visit.page.locator(`#control-${name}`).selectOption(value));

async function look(visit, name) {
  await visit.assertFits();
  await visit.assertAccessible();
  await visit.shoot(name);
}

async function everyPageOpens(visit) {
  const { page, expected } = visit;
  await visit.open("/");
  assert.equal(await page.locator(".menu a").count(), expected.pages.length);
  for (const path of expected.pages) {
    await visit.follow(() => visit.press(menu(visit, path)));
    assert.equal(visit.path(), path);
    assert.equal(await menu(visit, path).getAttribute("aria-current"), "page");
    if (expected.charts.includes(path)) await visit.assertDrawn();
    await look(visit, named(path));
  }
}

async function theCurrentPageIsInSightInTheMenu(visit) {
  await visit.open(visit.expected.pages.at(-1));
  const { left, right } = await visit.page.locator(".menu [aria-current]").evaluate((link) => link.getBoundingClientRect());
  assert.ok(left >= 0 && right <= visit.page.viewportSize().width, `it is from ${left} to ${right}`);
}

async function dealsOpenFromTheJourneys(visit) {
  await visit.open("/journeys");
  // Those of the live checks have no touches that could share them.
  const isWon = 'data[data-report="deals"][data-column="status"][value="won"]';
  const isLive = 'data[data-column="deal_id"][value^="live-"]';
  const ids = await visit.page
    .locator(`tr:has(${isWon}):not(:has(${isLive})) data[data-column="deal_id"]`)
    .evaluateAll((all) => all.map((one) => one.value));
  let shares = 0;
  for (const id of ids.slice(0, 3)) {
    await visit.open("/journeys");
    await visit.follow(() => visit.press(`#page a:has(data[data-column="deal_id"][value="${id}"])`));
    assert.equal(visit.path(), "/deal");
    assert.equal(visit.parameters().get("deal"), id);
    assert.ok((await visit.figures("deal")).includes(id));
    shares += (await visit.figures("deal_credits")).length;
    await look(visit, "deal");
  }
  // A few deals are entered by hand, for nobody whom the line knows, but not all.
  assert.ok(shares > 0, "nobody has a share of any deal");
}

async function anotherModelGivesOtherFigures(visit) {
  await visit.open("/channels");
  const before = await visit.figures("channels");
  await choose(visit, "model", visit.expected.model);
  assert.equal(visit.parameters().get("model"), visit.expected.model);
  assert.notDeepEqual(await visit.figures("channels"), before);
}

async function anotherPeriodGivesOtherFiguresAndBackTheFormer(visit) {
  await visit.open("/");
  const [usual, before] = [await visit.page.locator("#control-period").inputValue(), await visit.figures("summary")];
  await choose(visit, "period", visit.expected.period);
  assert.equal(visit.parameters().get("period"), visit.expected.period);
  assert.notDeepEqual(await visit.figures("summary"), before);
  await visit.follow(() => visit.page.goBack());
  assert.equal(visit.parameters().get("period"), null);
  assert.deepEqual(await visit.figures("summary"), before);
  assert.equal(await visit.page.locator("#control-period").inputValue(), usual, "the choice that is shown");
}

async function aFilterComesAndGoes(visit) {
  await visit.open("/channels");
  const before = await visit.figures("channels");
  const row = visit.page.locator("table.rows tbody tr").nth(1);
  const channel = await row.locator('data[data-column="channel"]').getAttribute("value");
  await visit.follow(() => visit.press(row.locator(".acts a").first()));
  assert.equal(visit.parameters().get("channel"), channel);
  assert.equal(await chips(visit).count(), 1);
  assert.ok((await chips(visit).innerText()).includes(channel));
  assert.equal(await visit.page.locator("table.rows tbody").first().locator("tr").count(), 1);
  await visit.assertAccessible();
  await visit.follow(() => visit.press(chips(visit)));
  assert.equal(await chips(visit).count(), 0);
  assert.deepEqual(await visit.figures("channels"), before);
}

// Fields in quotes, in which a quote stands twice, or bare.
function parse(csv) {
  const field = /("(?:[^"]|"")*"|[^,"\r\n]*)(,|\r?\n|$)/gy;
  const rows = [[]];
  for (const [, raw, end] of csv.matchAll(field)) {
    rows.at(-1).push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === "") break;
    if (end !== ",") rows.push([]);
  }
  // After the last line end there is nothing.
  return rows.filter((row) => row.length > 1 || row[0] !== "");
}

async function theCsvIsTheTable(visit) {
  await visit.open("/channels");
  const table = visit.page.locator("section:has(a[download])");
  const shown = await table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("data")].map((data) => [data.dataset.column, data.value])),
  );
  const coming = visit.page.waitForEvent("download");
  await visit.press(table.locator("a[download]"));
  const download = await coming;
  assert.match(download.suggestedFilename(), /\.csv$/);
  const [head, ...rows] = parse(readFileSync(await download.path(), "utf8"));
  assert.deepEqual(head, shown[0].map(([column]) => column));
  assert.deepEqual(rows, shown.map((row) => row.map(([, value]) => value)));
}

async function definitionsOpenAndClose(visit) {
  for (const path of ["/", "/channels"]) {
    await visit.open(path);
    const button = visit.page.locator("main button.what[popovertarget]").nth(1);
    const about = visit.page.locator(`[id="${await button.getAttribute("popovertarget")}"]`);
    assert.equal(await about.isVisible(), false);
    await visit.press(button);
    await about.waitFor({ state: "visible" });
    assert.ok((await about.innerText()).trim().length > 0, "it says nothing");
    const [from, box] = [await button.boundingBox(), await about.boundingBox()];
    assert.ok(box.x >= 0 && box.x + box.width <= visit.page.viewportSize().width, "it is cut off");
    const isBelow = box.y >= from.y + from.height && box.y < from.y + 60;
    assert.ok(isBelow, `the button ends at ${from.y + from.height}, what it opens begins at ${box.y}`);
    await visit.shoot(`definition-${named(path)}`);
    await visit.page.keyboard.press("Escape");
    await about.waitFor({ state: "hidden" });
  }
}

async function keysLeadEverywhere(visit) {
  const { page, expected } = visit;
  await visit.open("/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.matches("a.skip")), true, "the first stop is the way past the menu");
  await page.keyboard.press("Enter");
  await visit.until(() => document.activeElement.id === "page");
  await visit.open("/channels");
  for (const [index, path] of expected.pages.entries()) {
    await visit.follow(() => page.keyboard.press(String(index + 1)));
    assert.equal(visit.path(), path);
  }
}

async function theThemeStays(visit) {
  const isDark = () => visit.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme === "dark");
  await visit.open("/");
  const before = await isDark();
  await visit.press("#theme");
  assert.equal(await isDark(), !before);
  await visit.assertDrawn();
  await visit.assertAccessible();
  await visit.page.reload();
  await visit.settled();
  assert.equal(await isDark(), !before, "after a reload");
  await visit.shoot("overview-other-theme");
  await visit.press("#theme");
  assert.equal(await isDark(), before);
}

// Asks for a deal to be won while a page is open, and waits until the page shows it.
async function seeWon(visit, page, isShown, value) {
  const deal = `live-${visit.name}-${page}-${Date.now()}`;
  console.log(`READY ${deal}`);
  await visit.until(isShown, { deal, ...value });
  console.log(`SEEN ${deal} ${Date.now()}`);
  await visit.shoot(`live-${page}`);
}

const cents = (amount) => Math.round(Number(amount) * 100);

async function aDealThatIsWonShowsOnTheOverview(visit) {
  await visit.open("/");
  await visit.press("#page details summary");
  const revenue = visit.page.locator("#tile-revenue .figure data");
  const before = await revenue.getAttribute("value");
  await seeWon(visit, "overview", ({ before }) => document.querySelector("#tile-revenue .figure data").value !== before, { before });
  const gained = cents(await revenue.getAttribute("value")) - cents(before);
  assert.equal(gained, cents(visit.expected.amount));
  assert.ok(await visit.page.locator("#page details[open]").isVisible(), "what was opened has closed");
  // What the channels have and what the CRM has arrive one after the other.
  await visit.until(() => document.querySelector("#books.good"));
}

async function aDealThatIsWonShowsOnTheLivePage(visit) {
  await visit.open("/live");
  await seeWon(visit, "live", ({ deal }) => document.querySelector(`main data[data-column="deal_id"][value="${deal}"]`));
  await visit.assertDrawn();
}

export const checks = [
  { name: "every page opens", see: everyPageOpens },
  { name: "the current page is in sight in the menu", see: theCurrentPageIsInSightInTheMenu },
  { name: "deals open from the journeys", see: dealsOpenFromTheJourneys },
  { name: "another model gives other figures", see: anotherModelGivesOtherFigures },
  { name: "another period gives other figures, and back the former", see: anotherPeriodGivesOtherFiguresAndBackTheFormer },
  { name: "a filter comes and goes", see: aFilterComesAndGoes },
  { name: "the CSV is the table", see: theCsvIsTheTable },
  { name: "definitions open and close", see: definitionsOpenAndClose },
  { name: "keys lead everywhere", see: keysLeadEverywhere, only: "laptop" },
  { name: "the theme stays", see: theThemeStays },
  { name: "a deal that is won shows on the overview", see: aDealThatIsWonShowsOnTheOverview },
  { name: "a deal that is won shows on the live page", see: aDealThatIsWonShowsOnTheLivePage },
];
