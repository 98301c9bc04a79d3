import { afterEach, expect, test } from "vitest";
import { PagesAhead } from "../../../src/client/follow/pages-ahead.js";
import type { EventConnection } from "../../../src/client/server/event-connection.js";

/** The pages that were opened, and those that were closed, by the event number after which they start. */
let opened: number[] = [];
let closed: number[] = [];
let readers: PagesAhead[] = [];

function reader(open = async (afterSeq: number): Promise<number> => afterSeq): PagesAhead {
  const pages = new PagesAhead(async (afterSeq) => {
    opened.push(afterSeq);
    await open(afterSeq);
    return { afterSeq, close: () => void closed.push(afterSeq) } as unknown as EventConnection;
  });
  readers.push(pages);
  return pages;
}

afterEach(async () => {
  for (const each of readers) each.close();
  await new Promise(setImmediate);
  [opened, closed, readers] = [[], [], []];
});

test("each full page opens one more page ahead, which starts with the last event of the previous one", async () => {
  const pages = reader();
  pages.expectMore(198);
  expect(opened).toEqual([198]);
  await pages.take(198);
  pages.expectMore(397);
  expect(opened).toEqual([198, 397, 596]);
  // A page that is already open is not opened again.
  await pages.take(397);
  pages.expectMore(596);
  expect(opened).toEqual([198, 397, 596, 795, 994]);
});

test("all readers together have at most 8 pages open ahead", () => {
  const [one, other] = [reader(), reader()];
  for (let page = 0; page < 20; page++) {
    one.expectMore(page * 199);
    other.expectMore(page * 199);
  }
  expect(opened).toHaveLength(8);
  one.close();
  other.expectMore(1_000_000);
  expect(opened.length).toBeGreaterThan(8);
  other.close();
  expect(opened.length).toBeLessThanOrEqual(16);
});

test("a page that is not the next one is discarded with its connection, and the next one is opened", async () => {
  const pages = reader();
  pages.expectMore(198);
  pages.expectMore(198);
  expect(opened).toEqual([198, 397]);
  expect(await pages.take(300)).toMatchObject({ afterSeq: 300 });
  await new Promise(setImmediate);
  expect(closed).toEqual([198, 397]);
  expect(pages.isEmpty).toBe(true);
});

test("a page that could not be opened ahead is requested again when it is needed", async () => {
  let fails = true;
  const pages = reader(async (afterSeq) => {
    if (fails) throw new Error("reset");
    return afterSeq;
  });
  pages.expectMore(198);
  await new Promise(setImmediate);
  fails = false;
  expect(await pages.take(198)).toMatchObject({ afterSeq: 198 });
  expect(opened).toEqual([198, 198]);
});
