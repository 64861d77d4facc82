-- Lists schedules of one owner that wait, in the order in which they are due.
--
-- KEYS  payloads, plan
-- ARGV  owner, due and id of the last one of the page before ('-inf' and '': from the first), limit, bytesMax of payloads
-- Gives '1' if there are more (else '0'), then id, due, payload of each; one as long as any is left, however large.

local call, byte = redis.call, string.byte
local afterDue, afterId, limit, bytesMax = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

-- Whether an id comes after another one, byte by byte: as Redis orders those with one due time, whatever the language of the machine.
local function comesAfter(id, other)
  for at = 1, #id do
    local one, another = byte(id, at), byte(other, at)
    if not another then return true end
    if one ~= another then return one > another end
  end
  return false
end

local replies, bytes = { '0' }, 0
local plan = call('ZRANGE', KEYS[2], afterDue, '+inf', 'BYSCORE', 'WITHSCORES')
for at = 1, #plan, 2 do
  local id, due = plan[at], plan[at + 1]
  if due ~= afterDue or comesAfter(id, afterId) then
    local payload = call('HGET', KEYS[1], ARGV[1] .. '.' .. id)
    if #replies > 1 and (#replies > limit * 3 or bytes + #payload > bytesMax) then
      replies[1] = '1'
      break
    end
    bytes = bytes + #payload
    replies[#replies + 1], replies[#replies + 2], replies[#replies + 3] = id, due, payload
  end
end
return replies
