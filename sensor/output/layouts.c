/* The table of layouts, in the order of enum conf_format. */

#include "output/layout.h"

static const struct layout *const layouts[] = {
	[FORMAT_EVE] = &layout_eve,
	[FORMAT_ECS] = &layout_ecs,
};

const struct layout *
layout_find(enum conf_format format)
{
	return layouts[format];
}
