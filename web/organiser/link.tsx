import { useRef, useState } from 'preact/hooks'
import { say } from '../i18n/say.ts'

type Props = { readonly label: string; readonly url: string; readonly hint?: string }

/** An address to copy, or to open beside the page. */
export function Link({ label, url, hint }: Props) {
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setIsCopied] = useState(false)

  /** On plain http a page may not write to the clipboard: then the link is marked, to be copied by hand. */
  async function copy(): Promise<void> {
    field.current?.select()
    try {
      await navigator.clipboard.writeText(url)
      setIsCopied(true)
    } catch {
      setIsCopied(document.execCommand('copy'))
    }
  }

  return (
    <div class="link">
      <label>
        <span>{label}</span>
        <input
          type="text"
          dir="ltr"
          readOnly
          value={url}
          ref={field}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      </label>
      <div class="beside">
        <button type="button" class="quiet" onClick={() => void copy()}>
          {say(isCopied ? 'create.copied' : 'create.copy')}
        </button>
        {/* The page stays: what it tells once, or what is being written on it, is not lost. */}
        <a class="button" href={url} target="_blank" rel="noopener">
          {say('create.open')}
        </a>
      </div>
      {hint !== undefined && <p class="hint">{hint}</p>}
    </div>
  )
}
