// Prints the events of runs straight from a server's database, on Bun: `read-sqlite <file> <pattern of run ids>`.
import { createRequire } from "node:module";

interface Database {
  query(sql: string): { values(...values: unknown[]): [string][] };
}
const { Database } = createRequire(import.meta.url)("bun:sqlite") as {
  Database: new (file: string) => Database;
};
const [, , file = "", pattern = ""] = process.argv;
const rows = new Database(file)
  .query("SELECT payload_json FROM _smithers_events WHERE run_id LIKE ? ORDER BY run_id, seq")
  .values(pattern);
for (const [event] of rows) process.stdout.write(`${event}\n`);
