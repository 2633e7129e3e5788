import { imagesShown, type Scene } from './scene.ts'

/** What lies behind the address of a new poll. */
export async function open({ visit, makePoll }: Scene, after: string, shown: string): Promise<void> {
  const { id } = await makePoll()
  await visit(`/p/${id}${after}`, shown)
}

/** The page to vote on, of a new poll. */
export async function vote({ visit, makePoll }: Scene, definition: object, shown: string): Promise<void> {
  const { id } = await makePoll(definition)
  await visit(`/p/${id}`, shown)
}

/** Votes for an option; for none the page says that there is something to choose. */
export async function voteFor(scene: Scene, definition: object, text: string | null): Promise<void> {
  const { page } = scene
  await vote(scene, definition, 'Live')
  if (text !== null) await page.getByRole('radio', { name: text }).check()
  await page.getByRole('button', { name: 'Vote', exact: true }).click()
  await page.getByText(text === null ? 'Please choose something first.' : `You voted for ${text}`).waitFor()
}

/** Votes where there is no network. */
export async function keep(scene: Scene): Promise<void> {
  const { page } = scene
  await vote(scene, {}, 'Live')
  await page.context().setOffline(true)
  await page.getByRole('radio', { name: 'Ice cream' }).check()
  await page.getByRole('button', { name: 'Vote', exact: true }).click()
  await page.getByRole('button', { name: 'Do not send it' }).waitFor()
}

/** Where nothing live gets through. */
export async function cutOff(scene: Scene): Promise<void> {
  const { page } = scene
  await page.routeWebSocket('**/ws/**', async (socket) => socket.close({ code: 1012 }))
  await page.route('**/events', async (route) => route.abort())
  await vote(scene, {}, 'Connecting again')
}

/** As its organiser sees the page to vote on. */
export async function voteAsOrganiser({ visit, makePoll }: Scene): Promise<void> {
  const { id, token } = await makePoll()
  await visit(`/p/${id}#manage=${token}`, 'Manage this poll')
}

/** A poll that goes while its page is read. */
export async function loseDeleted({ page, call, visit, makePoll }: Scene): Promise<void> {
  const { id, path, token } = await makePoll()
  await visit(`/p/${id}`, 'Live')
  await call('DELETE', path, { bearer: token })
  await page.getByRole('heading', { name: 'This poll is not here' }).waitFor()
}

/** A form that no page of ours sends. */
export async function sendOddForm(scene: Scene): Promise<void> {
  const { page } = scene
  await vote(scene, {}, 'Live')
  await page.evaluate(`{
    const form = document.querySelector('#form')
    form.enctype = 'text/plain'
    form.submit()
  }`)
  await page.getByRole('heading', { name: 'That did not work' }).waitFor()
}

/** The page to vote on, or the big screen, of a poll that has been closed. */
export async function close({ call, visit, makePoll }: Scene, definition: object, after: string): Promise<void> {
  const { id, path, token } = await makePoll(definition)
  await call('POST', `${path}/close`, { bearer: token })
  await visit(`/p/${id}${after}`, 'Final result')
}

/** The big screen, of a new poll. */
export async function present({ page, visit, makePoll }: Scene, definition: object, after = ''): Promise<void> {
  const { id } = await makePoll(definition)
  await visit(`/p/${id}/present${after}`, 'Live')
  await imagesShown(page)
}

/** What the organiser's big screen shows when this key is pressed. */
export async function pressOnScreen({ page, visit, makePoll }: Scene, key: string): Promise<void> {
  const { id, token } = await makePoll()
  await visit(`/p/${id}/present#manage=${token}`, 'Live')
  await page.keyboard.press(key)
  await page.getByRole('dialog').waitFor()
}
