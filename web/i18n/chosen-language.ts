/** Of the cookie in which the choice is kept, for good: for the server, and for scripts. */
export const languageChoiceName = 'tallycast_language'
export const languageChoiceSeconds = 365 * 86_400

/** In the query of an address: the language of this page, before any that was chosen. */
export const languageQueryName = 'lang'
