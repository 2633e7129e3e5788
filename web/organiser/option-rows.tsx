import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Message, say } from '../i18n/say.ts'
import {
  addOption,
  type Draft,
  type DraftOption,
  draftLimits,
  moveOption,
  pasteOptions,
  removeOption,
  writeOption,
} from './draft.ts'

type Props = { readonly draft: Draft; readonly onChange: (draft: Draft) => void }

/** The options in their order: typed, pasted as a list, moved by dragging or with Alt and an arrow key. */
export function OptionRows({ draft, onChange }: Props) {
  const list = useRef<HTMLOListElement>(null)
  const [said, setSaid] = useState<Message | null>(null)
  const [dragged, setDragged] = useState<number | null>(null)
  const { options } = draft

  /** Where the focus goes when the page is drawn again: before anything that is typed next. */
  const wanted = useRef<number | null>(null)
  const focusRow = (place: number): void => list.current?.querySelectorAll('input')[place]?.focus()
  useLayoutEffect(() => {
    if (wanted.current !== null) focusRow(wanted.current)
    wanted.current = null
  })

  function move({ key }: DraftOption, place: number): void {
    wanted.current = place
    onChange(moveOption(draft, key, place))
    setSaid(['create.moved', { place: place + 1, most: options.length }])
  }

  function add(): void {
    wanted.current = options.length
    onChange(addOption(draft))
  }

  function onKey(event: KeyboardEvent, option: DraftOption, place: number): void {
    const step = event.altKey ? { ArrowUp: -1, ArrowDown: 1 }[event.key] : undefined
    if (step !== undefined) {
      event.preventDefault()
      const to = place + step
      if (to >= 0 && to < options.length) move(option, to)
    } else if (event.key === 'Enter' && !event.isComposing) {
      event.preventDefault()
      if (place < options.length - 1) focusRow(place + 1)
      else add()
    }
  }

  function onPaste(event: ClipboardEvent, { key }: DraftOption): void {
    const text = event.clipboardData?.getData('text') ?? ''
    // One line goes where the cursor is, as anywhere.
    if (!/[\r\n]/.test(text.trim())) return
    event.preventDefault()
    const pasted = pasteOptions(draft, key, text)
    onChange(pasted)
    setSaid(['create.pasted', { count: pasted.options.length }])
  }

  return (
    <fieldset class="rows">
      <legend>{say('create.options')}</legend>
      <ol ref={list}>
        {options.map((option, place) => (
          <li
            key={option.key}
            class={dragged === option.key ? 'row dragged' : 'row'}
            onDragOver={(event) => {
              if (dragged === null) return
              event.preventDefault()
              if (dragged !== option.key) onChange(moveOption(draft, dragged, place))
            }}
            onDrop={(event) => event.preventDefault()}
          >
            <span
              class="handle"
              draggable
              aria-hidden="true"
              title={say('create.drag_hint')}
              onDragStart={(event) => {
                event.dataTransfer?.setData('text/plain', option.text)
                setDragged(option.key)
              }}
              onDragEnd={() => setDragged(null)}
            >
              ⠿
            </span>
            <input
              type="text"
              aria-label={say('create.option', { place: place + 1 })}
              aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
              maxLength={draftLimits.optionTextMax}
              value={option.text}
              dir="auto"
              autocomplete="off"
              onInput={({ currentTarget: { value } }) => onChange(writeOption(draft, option.key, value))}
              onKeyDown={(event) => onKey(event, option, place)}
              onPaste={(event) => onPaste(event, option)}
            />
            <button
              type="button"
              class="quiet"
              aria-label={say('create.remove_option', { place: place + 1 })}
              onClick={() => onChange(removeOption(draft, option.key))}
            >
              ×
            </button>
          </li>
        ))}
      </ol>
      <button type="button" class="quiet" disabled={options.length >= draftLimits.optionsMax} onClick={add}>
        {say('create.add_option')}
      </button>
      <p class="hint">{say('create.options_hint')}</p>
      <p class="unseen" role="status">
        {said !== null && say(...said)}
      </p>
    </fieldset>
  )
}
