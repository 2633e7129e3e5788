import type { Page } from 'playwright-core'

/** The same moment on every page of this machine, whatever each of them calls zero. */
const now = 'performance.timeOrigin + performance.now()'

/** Votes on the phone, and returns how many milliseconds lie between the click and the frame in which a bar of the big screen is seen to move. */
export async function measureClickToBar(phone: Page, screen: Page, option: string): Promise<number> {
  await phone.getByRole('radio', { name: option }).check()
  await phone.evaluate(`addEventListener('click', () => { window.clickedAt = ${now} }, { capture: true, once: true })`)
  await screen.evaluate(watchBars)
  await phone.getByRole('button', { name: 'Vote', exact: true }).click()
  const paintedAt = await screen.evaluate<number>('barPaintedAt')
  return paintedAt - (await phone.evaluate<number>('clickedAt'))
}

/** A frame that has been asked for begins when the one before is on the screen. */
const watchBars = `{
  const lengths = () => [...document.querySelectorAll('.fill')].map((fill) => fill.style.getPropertyValue('--length')).join()
  const before = lengths()
  const { promise, resolve } = Promise.withResolvers()
  window.barPaintedAt = promise
  const observer = new MutationObserver(() => {
    if (lengths() === before) return
    observer.disconnect()
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(${now})))
  })
  observer.observe(document.body, { subtree: true, childList: true, attributes: true })
}`
