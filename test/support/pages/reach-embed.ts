import type { Scene } from './scene.ts'

/** A poll in the page of somebody else, who has set nothing but the type. */
export async function embed({ page, visit, makePoll }: Scene): Promise<void> {
  const { id } = await makePoll()
  await page.route('**/news', async (route) => route.fulfill({ contentType: 'text/html', body: newsWith(id) }))
  await visit('/news', 'Live')
}

const newsWith = (pollId: string): string => `<!doctype html>
  <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>News</title>
    <style>body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; font: 1.0625rem/1.5 Georgia, serif }</style>
    <main>
      <h1>The party is in June</h1>
      <p>What there will be depends on you, and on the weather.</p>
      <tally-cast-poll poll="${pollId}"></tally-cast-poll>
      <p>We shall tell you here.</p>
    </main>
    <script src="/embed.js"></script>
  </html>`
