-- Reads the entries of a timeline that hold a range of numbers.
--
-- KEYS  log, head
-- ARGV  direction   'forward': the limit numbers after the cursor; 'back': those before it (0: from the newest)
--       cursor
--       limit
--       withCursor  '1': the entry that holds the cursor itself comes as well (forward)
--       messagesMax what lies further back than this counts as gone, though a trim may have left it
--       bytesMax    stop after this many bytes of entries (forward): the page is shorter then
-- Gives head, first number kept (head + 1: none), and {id, entry, id, entry, …} oldest first. Entries may reach over both ends of the range.

local call, match, byte = redis.call, string.match, string.byte
local forward, cursor, limit = ARGV[1] == 'forward', tonumber(ARGV[2]), tonumber(ARGV[3])
local messagesMax, bytesMax = tonumber(ARGV[5]), tonumber(ARGV[6])
local log = KEYS[1]
-- Entries fetched at once: a page of large messages is cut after a few of them, not after all were copied.
local chunkMax = 32

local function numberOf(entry)
  return tonumber(match(entry[1], '^%d+'))
end

local function bodiesIn(value)
  local at, bodies = 1, 0
  while at <= #value do
    local length, scale, digit = 0, 1
    repeat
      digit = byte(value, at)
      length = length + digit % 128 * scale
      scale = scale * 128
      at = at + 1
    until digit < 128
    at = at + length
    bodies = bodies + 1
  end
  return bodies
end

local head = tonumber(call('GET', KEYS[2]) or 0)
local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if not oldest then return { head, head + 1, {} } end
local first = math.max(numberOf(oldest) - bodiesIn(oldest[2][2]) + 1, head - messagesMax + 1)

local from, to
if forward then
  from = math.max(cursor + 1, first)
  to = math.min(from + limit - 1, head)
  if ARGV[4] == '1' then from = math.max(cursor, first) end
else
  to = cursor == 0 and head or math.min(cursor - 1, head)
  from = math.max(to - limit + 1, first)
end

-- An entry has the number of its last message, so the range ends with the first entry at or after `to`.
local entries, bytes = {}, 0
while from <= to do
  local count = math.min(to - from + 1, chunkMax)
  local chunk = call('XRANGE', log, from, '+', 'COUNT', count)
  for _, entry in ipairs(chunk) do
    if from > to or (forward and bytes > bytesMax) then return { head, first, entries } end
    entries[#entries + 1], entries[#entries + 2] = entry[1], entry[2][2]
    bytes = bytes + #entry[2][2]
    from = numberOf(entry) + 1
  end
  if #chunk < count then break end
end
return { head, first, entries }
