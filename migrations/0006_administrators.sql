-- Finds another administrator before one is disabled or deleted or loses the role. Only enabled
-- administrators with a password are in the index, so writes of other rows don't touch it. An
-- administrator without a password ('!') was invited and can't sign in yet. `instr` finds exactly
-- this role, because a role's name contains no quotation mark.
CREATE INDEX users_administrators ON users (id)
  WHERE disabled_at IS NULL AND password_hash <> '!' AND instr(roles, '"admin"') > 0;
