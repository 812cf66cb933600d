// A page that somebody looks at, and everything that goes wrong on it.

import assert from "node:assert/strict";
import { join } from "node:path";

// No step waits longer: it is no measure, but a way to fail.
const PATIENCE = 120_000;

// What a browser gives up by itself is no failure: the stream of a page that was
// left, and a navigation that turned out to be a download.
const GIVEN_UP = "net::ERR_ABORTED";

export class Visit {
  static async begin(browser, visitor, setting) {
    const context = await browser.newContext(visitor.options);
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`not allowed by ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
      });
    });
    return new Visit(context, await context.newPage(), visitor, setting);
  }

  constructor(context, page, visitor, setting) {
    Object.assign(this, setting, { context, page, name: visitor.name });
    this.hasTouch = Boolean(visitor.options.hasTouch);
    this.troubles = [];
    this.watch();
  }

  watch() {
    const trouble = (text) => this.troubles.push(`${text} (on ${this.page.url()})`);
    this.page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) trouble(`${message.type()}: ${message.text()}`);
    });
    this.page.on("pageerror", (error) => trouble(`uncaught: ${error.stack}`));
    this.page.on("crash", () => trouble("the page has crashed"));
    this.page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      if (reason !== GIVEN_UP) trouble(`${request.url()} failed: ${reason}`);
    });
    this.page.on("response", (response) => {
      if (response.status() >= 400) trouble(`${response.url()} answers ${response.status()}`);
    });
  }

  assertNoTrouble() {
    assert.deepEqual(this.troubles, []);
  }

  async end() {
    await this.context.close();
  }

  // Opens an address as if it had been typed.
  async open(path) {
    await this.page.goto(this.address + path);
    await this.settled();
  }

  // Clicks, or taps where people have no mouse.
  async press(target) {
    const locator = typeof target === "string" ? this.page.locator(target) : target;
    await (this.hasTouch ? locator.tap() : locator.click());
  }

  // Presses a link or changes a choice, and waits for the page that comes of it.
  async follow(step) {
    const before = await this.page.evaluate(() => performance.timeOrigin);
    await step();
    await this.until((before) => performance.timeOrigin !== before && document.readyState === "complete", before);
    // A page that says what is wrong has nothing of what comes next.
    this.assertNoTrouble();
    await this.settled();
  }

  // Waits until the page says so. A page that is being left says nothing.
  async until(isSo, value) {
    await this.page.waitForFunction(isSo, value);
  }

  // Waits until everything is drawn.
  async settled() {
    await this.until(() => {
      const isDrawn = (chart) => chart.shadowRoot?.querySelector("canvas");
      return document.readyState === "complete" && [...document.querySelectorAll("tl-chart")].every(isDrawn);
    });
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  parameters() {
    return new URL(this.page.url()).searchParams;
  }

  // The figures of a report as machines read them, in the order of the page.
  async figures(report) {
    return this.page
      .locator(`#page data[data-report="${report}"]`)
      .evaluateAll((all) => all.map((one) => one.value));
  }

  async shoot(name) {
    await this.page.screenshot({ path: join(this.screenshots, `${this.name}-${name}.png`), fullPage: true });
  }

  // Nobody needs to scroll the page sideways: only tables within it.
  async assertFits() {
    const { content, window } = await this.page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
    }));
    assert.ok(content <= window, `the page is ${content} wide, the window ${window}`);
  }

  // Names, roles and contrast. Its script is evaluated: as an element the page would
  // refuse it. Style sheets are not loaded once more, which the page would refuse too.
  async assertAccessible() {
    await this.page.evaluate(this.axe);
    const { violations } = await this.page.evaluate(() => axe.run(document, { preload: false, resultTypes: ["violations"] }));
    const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
    const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`);
    assert.deepEqual(told, [], "axe-core");
  }

  // A chart has been drawn when its picture has more than one colour.
  async assertDrawn() {
    const colours = await this.page.locator("tl-chart").evaluateAll((charts) =>
      charts.map((chart) => {
        const canvas = chart.shadowRoot.querySelector("canvas");
        if (canvas.width === 0 || canvas.height === 0) return 0;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      }),
    );
    assert.ok(colours.length > 0, "there is no chart");
    assert.ok(colours.every((count) => count > 1), `colours of each chart: ${colours}`);
  }
}
