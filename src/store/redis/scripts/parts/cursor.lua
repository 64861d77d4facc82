-- movedCursor of src/store/decisions/session.ts, of what a field "<number>:<cursor>:<rest>" of a hash holds, if it holds anything.
local function moveCursor(hash, field, seq, head)
  local number, cursor, rest = string.match(redis.call('HGET', hash, field) or '', '^(%d+):(%d+):(.+)$')
  local reached = math.min(seq, head)
  if number and (reached > tonumber(cursor) or tonumber(cursor) > head) then
    redis.call('HSET', hash, field, string.format('%s:%d:%s', number, reached, rest))
  end
end
