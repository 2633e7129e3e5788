import arabic from '../../../web/messages/ar.json' with { type: 'json' }
import type { Scene } from './scene.ts'

const question = 'ماذا نُعِدّ لحفل الصيف؟'
const options = ['فرقة تعزف حتى منتصف الليل', 'ألعاب للأطفال', 'مائدة طويلة تحت الأشجار', 'مثلّجات']

/** What lies behind the address of a poll that is asked in Arabic, for readers of Arabic. */
export async function openInArabic({ visit, makePoll }: Scene, page: '' | '/present' | '/embed'): Promise<void> {
  const { id } = await makePoll({ question, options })
  await visit(`/p/${id}${page}?lang=ar`, arabic.common.connection_live)
}

export async function manageInArabic({ visit, makePoll }: Scene): Promise<void> {
  const { id, token } = await makePoll({ question, options })
  await visit(`/p/${id}/manage?lang=ar#manage=${token}`, arabic.manage.stands_open)
}

/** The form that makes a poll, with its preview. */
export async function fillInArabic({ page, visit }: Scene): Promise<void> {
  await visit('/?lang=ar', arabic.create.submit)
  await page.getByRole('textbox', { name: arabic.create.question }).fill(question)
  for (const [at, text] of options.slice(0, 2).entries()) {
    const name = arabic.create.option.replace('{place}', String(at + 1))
    await page.getByRole('textbox', { name, exact: true }).fill(text)
  }
}
