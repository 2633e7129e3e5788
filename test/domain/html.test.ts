import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeHtml, html, htmlOfData } from '../../src/adapters/http/page/html.ts'

const attack = `"><img src=x onerror=alert(1)><script>alert('x')</script>&amp;`

describe('html', () => {
  test('what is put into a template cannot leave its place', () => {
    expect(String(html`<p title="${attack}">${attack}</p>`)).toBe(
      `<p title="${escapeHtml(attack)}">${escapeHtml(attack)}</p>`,
    )
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })

  test('no text brings a character that opens or closes anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/)
      }),
    )
  })

  test('templates within templates, lists and left out parts are put together', () => {
    const items = ['a', '<b>'].map((text) => html`<li>${text}</li>`)
    expect(String(html`<p>${items}${null}${false}${0}</p>`)).toBe('<p><li>a</li><li>&lt;b&gt;</li>0</p>')
  })

  test('a dollar sign in a text means nothing', () => {
    expect(String(html`<p>${"$& $' $1 \\n `${x}`"}</p>`)).toBe('<p>$&amp; $&#39; $1 \\n `${x}`</p>')
  })
})

describe('data in a page', () => {
  /** What a browser takes for the text of the element: it ends at the first end of a script. */
  const textOf = (element: string): string => /^<script [^>]*>([^]*?)<\/script/i.exec(element)?.[1] ?? ''

  test('is what it was, whatever stands in it, and ends its element nowhere but at its end', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(attack, '</script>', '<!--<script>')),
        (text) => {
          const element = String(htmlOfData('data', { text }))
          expect(JSON.parse(textOf(element))).toEqual({ text })
          expect(element.match(/<(?!script type="application\/json" id="data">|\/script>$)/)).toBeNull()
        },
      ),
    )
  })
})
