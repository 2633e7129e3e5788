import type { Scene } from './scene.ts'

/** The page of whoever manages a new poll, once this button was pressed. */
export async function manage(scene: Scene, definition: object, shown: string, button?: string): Promise<void> {
  const { page, visit, makePoll } = scene
  const { id, token } = await makePoll(definition)
  const address = `/p/${id}/manage#manage=${token}`
  if (button === undefined) return visit(address, shown)
  await visit(address, button)
  await page.getByRole('button', { name: button, exact: true }).click()
  await page.getByText(shown).waitFor()
}

/** With the fields to edit it unfolded. */
export async function edit(scene: Scene): Promise<void> {
  await manage(scene, {}, 'People can vote now.')
  await scene.page.getByText('Edit', { exact: true }).click()
  await scene.page.getByRole('textbox', { name: 'Question' }).waitFor()
}

export async function closeAndManage({ call, visit, makePoll }: Scene): Promise<void> {
  const { id, path, token } = await makePoll()
  await call('POST', `${path}/close`, { bearer: token })
  await visit(`/p/${id}/manage#manage=${token}`, 'the result is final')
}
