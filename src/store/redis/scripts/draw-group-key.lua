-- Takes a page of a draw of a group's key, and lets the draw count once it is complete: src/store/decisions/group-keys.ts.
--
-- KEYS  group, talk, members, roll, head
-- ARGV  who draws, draw, epoch, '1' if it is to count, stagedMs, messagesMax, drawsMax, missingMax, changesMax, aheadMax, then per slot:
--       user, sealed ('': nothing can be)
-- Gives {status, epoch, fresh, drawn, the draw that counts ('': none), members without a slot…}, or {'not-a-member'}, or
--       {'not-encrypted'}.

local call, match, format = redis.call, string.match, string.format
local group, talk, members, roll = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local by, draw, asked = ARGV[1], ARGV[2], tonumber(ARGV[3])
-- include group-keys.lua

if call('HEXISTS', members, by) == 0 then return { 'not-a-member' } end
local epoch, fresh, drawn = keyState()
if not epoch then return { 'not-encrypted' } end
local draws, staged = registerKey('draws'), registerKey('staged', by)
local newestBy, newest = match(call('HGET', draws, format('%d', drawn)) or '', '^(%d+):([^:]*):')

local function answer(status, ...)
  return { status, epoch, fresh, drawn, newest or '', ... }
end

if newest and drawn == asked then
  if newestBy == by and newest == draw then return answer('committed') end
  call('DEL', staged)
  return answer('taken')
end
local ahead = asked - (drawn < fresh and epoch or epoch + 1)
if ahead < 0 or ahead > tonumber(ARGV[10]) then
  call('DEL', staged)
  return answer('stale')
end
local of = format('%s:%d:%d', draw, asked, epoch)
if call('HGET', staged, 'of') ~= of then
  call('DEL', staged)
  call('HSET', staged, 'of', of)
end
for at = 11, #ARGV, 2 do
  if call('HEXISTS', members, ARGV[at]) == 1 then call('HSET', staged, ARGV[at], ARGV[at + 1]) end
end
call('PEXPIRE', staged, ARGV[5])
if ARGV[4] ~= '1' then return answer('staged') end

if call('HLEN', staged) - 1 < call('HLEN', members) then
  local missing = {}
  for _, user in ipairs(call('ZRANGE', roll, 0, -1)) do
    if #missing == tonumber(ARGV[8]) then break end
    if call('HEXISTS', staged, user) == 0 then missing[#missing + 1] = user end
  end
  return answer('incomplete', unpack(missing))
end

-- What is kept for good has no time to live, and so a key of its own.
local kept, keyless, since = registerKey('draw', asked), registerKey('keyless'), registerKey('since')
local slots = call('HGETALL', staged)
call('DEL', kept, keyless, staged)
for at = 1, #slots, 2 do
  local user, sealed = slots[at], slots[at + 1]
  if sealed == '' then
    call('ZADD', keyless, call('ZSCORE', since, user) or asked, user)
  elseif user ~= 'of' then
    call('HSET', kept, user, sealed)
  end
end
local head = tonumber(call('GET', KEYS[5]) or 0)
call('HSET', draws, asked, format('%s:%s:%d', by, draw, head))
call('HSET', talk, 'epoch', asked, 'fresh', asked, 'drawn', asked)
if asked ~= epoch then call('HINCRBY', group, 'version', 1) end
noteChange(ARGV[9], 'drawn', asked, by, by)

local function drop(old)
  call('DEL', registerKey('draw', old))
  call('HDEL', draws, old)
end

local function headOf(fact)
  return tonumber(match(fact, '%d+$'))
end

local epochs, facts = drawsOf()
local needed = {}
for place, old in ipairs(epochs) do
  local to = epochs[place + 1] and headOf(facts[epochs[place + 1]])
  if not to or (to > headOf(facts[old]) and to > head - ARGV[6]) then
    needed[#needed + 1] = old
  else
    drop(old)
  end
end
-- Of more than there may be, the oldest of the member with the most.
while #needed > tonumber(ARGV[7]) do
  local counts, first, most = {}, {}, nil
  for place, old in ipairs(needed) do
    local drawer = match(facts[old], '^%d+')
    counts[drawer], first[drawer] = (counts[drawer] or 0) + 1, first[drawer] or place
  end
  for drawer, count in pairs(counts) do
    if not most or count > counts[most] or (count == counts[most] and first[drawer] < first[most]) then most = drawer end
  end
  drop(table.remove(needed, first[most]))
end
return { 'committed', asked, asked, asked, draw }
