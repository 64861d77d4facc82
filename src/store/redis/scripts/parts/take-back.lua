-- Comes around append.lua: what was written of a run that cannot be finished is taken back, each by the command that wrote it, which was
-- allowed just now. So a right that was taken away between two appends, or a key that holds something else, leaves no half of a run: it
-- would be stored again, or counted again, with each attempt.

-- Four places per step: command, key, and what takes it back.
local steps, noted = {}, 0

local function note(command, key, one, two)
  steps[noted + 1], steps[noted + 2], steps[noted + 3], steps[noted + 4] = command, key, one, two
  noted = noted + 4
end

-- Adds to a number, or to that of a field. Gives the sum.
local function add(by, key, field)
  local sum
  if field then
    sum = redis.call('HINCRBY', key, field, by)
    note('HINCRBY', key, field, -by)
  else
    sum = redis.call('INCRBY', key, by)
    note('INCRBY', key, false, -by)
  end
  return sum
end

-- Sets a field that was `before`, or says as much as that if it was not there.
local function put(key, field, value, before)
  redis.call('HSET', key, field, value)
  note('HSET', key, field, before)
end

local function takeBack()
  for at = noted - 3, 1, -4 do
    local command, key, one, two = unpack(steps, at, at + 3)
    if command == 'INCRBY' then
      redis.call(command, key, two)
    elseif command ~= 'SET' then
      redis.call(command, key, one, two)
    elseif two then
      redis.call(command, key, two, 'KEEPTTL')
    else
      -- A source that was not there; DEL is another right.
      redis.call(command, key, '0:0:0', 'PX', 1)
    end
  end
end

local function whole(append)
  local isDone, reply = pcall(append)
  if isDone then return reply end
  takeBack()
  return type(reply) == 'table' and reply or redis.error_reply(reply)
end
