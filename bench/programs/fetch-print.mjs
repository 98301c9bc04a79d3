// A bare loop that prints what comes.
const response = await fetch(`${process.env.SMITHERS_BASE_URL}/v1/runs/${process.argv[2]}/events`);
const decoder = new TextDecoder();
for await (const chunk of response.body) process.stdout.write(decoder.decode(chunk, { stream: true }));
