// Builds the pages and the command line where the tools for it are installed. An install without them (--omit=dev, --omit=optional) goes on, and says so: the pages can be
// built elsewhere and copied, as the Dockerfile does. Plain JavaScript, because npm may run it with an older Node than ours.
import { fileURLToPath } from 'node:url'

let vite = null
try {
  vite = await import('vite')
} catch {
  console.log(
    'The pages are not built, since Vite is not installed here. An api needs web/dist: see CONTRIBUTING.md, "Containers".',
  )
}
// The pages first: that empties the folder in which an embedded poll has its own.
const configOf = (path) => fileURLToPath(new URL(path, import.meta.url))
const builder = await vite?.createBuilder({ configFile: configOf('./vite.config.ts') })
await builder?.buildApp()
for (const path of ['./embed/vite.config.ts', '../cli/vite.config.ts'])
  await vite?.build({ configFile: configOf(path) })
