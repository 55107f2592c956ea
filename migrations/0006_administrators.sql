-- Finds another administrator when one is to be disabled, deleted or to lose the role. Only enabled
-- administrators are in the index, so it costs nothing for anyone else. `instr` is exact: a role's
-- name holds no quotation mark.
CREATE INDEX users_administrators ON users (id) WHERE disabled_at IS NULL AND instr(roles, '"admin"') > 0;
