/** Text that is HTML already. Everything else is escaped on its way into a template. */
export class Html {
  readonly #source: string

  constructor(source: string) {
    this.#source = source
  }

  toString(): string {
    return this.#source
  }
}

type Part = string | number | Html | null | false | readonly Part[]

/**
 * A template of HTML: `` html`<p title="${text}">${text}</p>` ``. What is put in is escaped for text and for quoted
 * attributes alike; nothing may be put anywhere else (a tag's name, an attribute without quotes, a script, a style).
 */
export function html(fixed: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(String.raw({ raw: fixed }, ...parts.map(render)))
}

function render(part: Part): string {
  if (part === null || part === false) return ''
  if (part instanceof Html) return part.toString()
  if (typeof part === 'object') return part.map(render).join('')
  return escapeHtml(String(part))
}

/** Data for a script to read, in an element that runs nothing. As JSON has it, `<` may stand in texts alone, and there it is written so that it ends no element. */
export function htmlOfData(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', String.raw`\u003c`)
  return html`<script type="application/json" id="${id}">
    ${new Html(json)}
  </script>`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
