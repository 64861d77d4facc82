local seconds, micros = unpack(redis.call('TIME'))
local nowMicros = seconds * 1000000 + micros
local nowMs = math.floor(nowMicros / 1000)
