// Walks through the dashboard as people do, in a real Chromium: on a laptop and on
// a phone. `cargo test` starts it beside a whole line (tests/it/dashboard/browser.rs):
//
//   BROWSER_PACKAGES=DIR node browser.mjs ADDRESS SCREENSHOTS EXPECTED
//
// BROWSER_PACKAGES is where `npm ci` has put what package.json names, CHROMIUM the
// browser, if not Debian's. EXPECTED is a JSON file:
//
//   pages    the addresses of the menu, in order
//   charts   those of them that have a chart
//   model    a model that is not the usual one
//   period   a period that is not the usual one
//   amount   what a deal that is sent live is worth
//
// A line `READY <deal>` asks for that deal to be won; `SEEN <deal> <milliseconds
// since 1970>` says when it was seen on the page.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { checks } from "./checks.mjs";
import { Visit } from "./visit.mjs";

// Nothing asks the network for anything but the dashboard; the sandbox needs rights
// that root in a container does not have.
const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const VISITORS = [
  {
    name: "laptop",
    options: { viewport: { width: 1366, height: 900 }, colorScheme: "light", locale: "en-GB" },
  },
  {
    name: "phone",
    options: {
      viewport: { width: 390, height: 844 }, colorScheme: "dark", locale: "ru-RU",
      deviceScaleFactor: 2, isMobile: true, hasTouch: true,
    },
  },
];

// One check on a page of its own; gives whether all was well.
async function run(check, visitor, browser, setting) {
  const visit = await Visit.begin(browser, visitor, setting);
  const name = `${visitor.name}: ${check.name}`;
  try {
    await check.see(visit);
    visit.assertNoTrouble();
    console.log(`ok ${name}`);
    return true;
  } catch (error) {
    console.log(`FAILED ${name}\n${error.stack}`);
    await visit.shoot(`failed-${check.name.replaceAll(" ", "-")}`).catch(() => {});
    return false;
  } finally {
    await visit.end();
  }
}

async function main() {
  const [address, screenshots, expected] = process.argv.slice(2);
  mkdirSync(screenshots, { recursive: true });
  // Packages are found beside the importing file; these are elsewhere.
  const require = createRequire(join(process.env.BROWSER_PACKAGES, "package.json"));
  const { chromium } = require("playwright-core");
  const setting = {
    address,
    screenshots,
    expected: JSON.parse(readFileSync(expected, "utf8")),
    axe: require("axe-core").source,
  };
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  console.log(`Chromium ${browser.version()}`);
  let failed = 0;
  for (const visitor of VISITORS) {
    for (const check of checks.filter((check) => !check.only || check.only === visitor.name)) {
      if (!(await run(check, visitor, browser, setting))) failed += 1;
    }
  }
  await browser.close();
  console.log(failed === 0 ? "all is well" : `${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
