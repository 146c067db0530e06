SELECT `id FROM ops.events;
