// Builds the pages where the tools for it are installed. An install without them (--omit=dev, --omit=optional) goes on, and says so: the pages can be
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
const builder = await vite?.createBuilder({ configFile: fileURLToPath(new URL('./vite.config.ts', import.meta.url)) })
await builder?.buildApp()
