-- Finds another administrator when one is to be disabled, deleted or to lose the role. Only enabled
-- administrators with a password are in the index, so it costs nothing for anyone else. One without a
-- password ('!') was invited and can't sign in yet. `instr` is exact: a role's name holds no quotation
-- mark.
CREATE INDEX users_administrators ON users (id)
  WHERE disabled_at IS NULL AND password_hash <> '!' AND instr(roles, '"admin"') > 0;
