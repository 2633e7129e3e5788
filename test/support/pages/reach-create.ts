import type { Page } from 'playwright-core'
import { imagesShown, question, type Scene } from './scene.ts'

const makeIt = 'Make the poll'
const option = (page: Page, number: number) => page.getByRole('textbox', { name: `Option ${number}`, exact: true })

/** Presses the button of the empty form, which says what it lacks. */
export async function create({ page, visit }: Scene, shown: string): Promise<void> {
  await visit('/', makeIt)
  await page.getByRole('button', { name: makeIt }).click()
  await page.getByText(shown).waitFor()
}

export async function fillForm({ page, visit }: Scene): Promise<void> {
  await visit('/', makeIt)
  await page.getByRole('textbox', { name: 'Question' }).fill(question)
  await option(page, 1).fill('A band')
  await option(page, 2).fill('Ice cream')
  await page.getByText('More settings').click()
  await page.getByLabel('More than one option may be chosen').check()
}

/** What those see who vote with a code, and see no result before. */
export async function previewHidden(scene: Scene): Promise<void> {
  const { page } = scene
  await fillForm(scene)
  await page.getByLabel('Who sees the result').selectOption('after_vote')
  await page.getByLabel('Who may vote').selectOption('code')
  await page.getByText('You will see the result once you have voted.').waitFor()
}

/** As many options as there may be, pasted as a list. */
export async function pasteOptions({ page, visit }: Scene, options: readonly string[]): Promise<void> {
  await visit('/', makeIt)
  await page.getByRole('textbox', { name: 'Question' }).fill(question)
  await option(page, 1).focus()
  await page.evaluate(`{
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', ${JSON.stringify(options.join('\n'))})
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }`)
  await option(page, options.length).waitFor()
}

export async function createFilled(scene: Scene): Promise<void> {
  await fillForm(scene)
  await makeFilled(scene)
}

export async function createWithCodes(scene: Scene): Promise<void> {
  const { page } = scene
  await fillForm(scene)
  await page.getByLabel('Who may vote').selectOption('code')
  await makeFilled(scene)
  await page.getByRole('button', { name: 'Make codes and save them' }).click()
  await page.getByText('100 codes are in the file.').waitFor()
}

async function makeFilled({ page }: Scene): Promise<void> {
  await page.getByRole('button', { name: makeIt }).click()
  await page.getByRole('heading', { name: 'Your poll is ready' }).waitFor()
  await imagesShown(page)
}
