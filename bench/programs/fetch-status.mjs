// What most programs do to ask for a run's status.
const response = await fetch(`${process.env.SMITHERS_BASE_URL}/v1/runs/bench`);
process.stdout.write(`${JSON.stringify(await response.json())}\n`);
