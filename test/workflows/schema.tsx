/** @jsxImportSource smithers-orchestrator */
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { smithers, Task, Workflow } from "smithers-orchestrator";

const input = sqliteTable("schema_input", {
  runId: text("run_id").primaryKey(),
  environment: text("environment", { enum: ["staging", "production"] }).notNull(),
});
const shipped = sqliteTable(
  "schema_shipped",
  {
    runId: text("run_id").notNull(),
    nodeId: text("node_id").notNull(),
    iteration: integer("iteration").notNull().default(0),
    environment: text("environment").notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.nodeId, table.iteration] })],
);

const client = new Database("./smithers.db");
client.exec(`
  CREATE TABLE IF NOT EXISTS schema_input (run_id TEXT PRIMARY KEY, environment TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS schema_shipped (
    run_id TEXT NOT NULL, node_id TEXT NOT NULL, iteration INTEGER NOT NULL DEFAULT 0, environment TEXT NOT NULL,
    PRIMARY KEY (run_id, node_id, iteration)
  );
`);
const db = drizzle({ client, schema: { input, shipped } });

/** Input: `environment`, which has to be `staging` or `production`; 0.5.0 answers 200 to anything else too. */
export default smithers(db, (ctx) => (
  <Workflow name="schema">
    <Task id="ship" output={shipped}>
      {{ environment: ctx.input.environment }}
    </Task>
  </Workflow>
));
