// What may a person be told when something was not done?

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Anything else is our fault: for the log, and nobody's business. */
export const refusal = (error) => {
  const known = error instanceof Refused;
  if (!known) console.error(error);
  const message = known ? error.message : 'Internal server error';
  return { status: known ? error.status : 500, body: { success: false, message, errors: [] } };
};
