-- Reads the entries of a timeline that hold a range of numbers.
--
-- KEYS  log, head, talk
-- ARGV  cursor, limit: the limit numbers after the cursor
--       withCursor  '1': the entry that holds the cursor itself comes as well
--       messagesMax what lies further back than this counts as gone, though a trim may have left it
--       bytesMax    stop after this many bytes of entries: the page is shorter then
--       isUser      '1': but what the user has still to read is kept, also further back, and there may be holes where own copies were
--                   (append.lua): a page ends where one begins
--       isConfirmed '1': something is written, so that WAIT looks at what is read
-- Gives head, first number kept (head + 1: none; where a hole begins right behind the cursor the first behind it), and {id, entry, id, entry, …} oldest first. Entries may reach over both ends of the range.

local call, match = redis.call, string.match
local cursor, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local messagesMax, bytesMax = tonumber(ARGV[4]), tonumber(ARGV[5])
local log = KEYS[1]
-- Entries fetched at once: each may be a whole run, and a page of large ones is cut after a few of them, not after all were copied.
local chunkMax = 8

local function numberOf(entry)
  return tonumber(match(entry[1], '^%d+'))
end

-- include bodies.lua

local head = tonumber(call('GET', KEYS[2]) or 0)
if ARGV[7] == '1' and head > 0 then call('SET', KEYS[2], string.format('%d', head)) end
local oldest = call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
if not oldest then return { head, head + 1, {} } end
local floor, sieved = head - messagesMax, 0
if ARGV[6] == '1' then
  local facts = call('HMGET', KEYS[3], 'shown', 'sieved')
  floor, sieved = math.min(floor, tonumber(facts[1] or 0)), tonumber(facts[2] or 0)
end
local first = math.max(numberOf(oldest) - bodiesIn(oldest[2][2]) + 1, floor + 1)

local entries, bytes = {}, 0
local function take(entry)
  entries[#entries + 1], entries[#entries + 2] = entry[1], entry[2][2]
  bytes = bytes + #entry[2][2]
end

local from = math.max(cursor + 1, first)
if ARGV[3] == '1' and cursor >= first and cursor <= head then
  local entry = call('XRANGE', log, cursor, '+', 'COUNT', 1)[1]
  if entry then
    take(entry)
    from = math.max(from, numberOf(entry) + 1)
  end
end
local to = math.min(math.max(cursor + 1, first) + limit - 1, head)

-- An entry has the number of its last message, so the range ends with the first entry at or after `to`.
local isFirst = from == math.max(cursor + 1, first)
while from <= to do
  local count = math.min(to - from + 1, chunkMax)
  local chunk = call('XRANGE', log, from, '+', 'COUNT', count)
  for _, entry in ipairs(chunk) do
    if from > to or bytes > bytesMax then return { head, first, entries } end
    if from <= sieved then
      local begins = numberOf(entry) - bodiesIn(entry[2][2]) + 1
      if begins > from then
        if not isFirst then return { head, first, entries } end
        first, to = begins, math.min(begins + limit - 1, head)
      end
    end
    isFirst = false
    take(entry)
    from = numberOf(entry) + 1
  end
  if #chunk < count then break end
end
return { head, first, entries }
