/** Under this name the choice is kept, for good: for pages in the browser's storage, for the server in a cookie. */
export const languageChoiceName = 'tallycast_language'
export const languageChoiceSeconds = 365 * 86_400

/** In the query of an address: the language of this page, before any that was chosen. */
export const languageQueryName = 'lang'
