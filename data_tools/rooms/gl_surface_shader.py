"""The shader that draws surfaces: light from sun, sky and lamps, shadows, mirrored surroundings, fog. GLSL 3.30."""

from typing import Literal

from data_tools.rooms.gl_shaders import COMMON

VERTEX = """
#version 330
in vec3 in_position; in vec3 in_normal; in vec2 in_uv; in vec4 in_look;
uniform mat4 T_clip_world; uniform vec4 forward;
out vec3 position; out vec3 normal; out vec2 uv; out vec4 look; out float z;
void main() {
    position = in_position; normal = in_normal; uv = in_uv; look = in_look;
    z = dot(forward, vec4(in_position, 1.0));
    gl_Position = T_clip_world * vec4(in_position, 1.0);
}
"""

Feature = Literal["SUN", "LAMP", "GLOSS", "FOG"]
"""What not every surface, or scene, needs; left out, it costs nothing."""

_SURFACE = """
in vec3 position; in vec3 normal; in vec2 uv; in vec4 look; in float z;
uniform sampler2D albedo; uniform bool textured; uniform sampler2D opens;
uniform float exposure; uniform vec3 eye; uniform vec3 above; uniform vec3 below;
#if defined(GLOSS) || defined(FOG)
uniform sampler2D panorama; uniform float gain;
#else
#define NO_SKY
#endif
out vec4 colour;
COMMON
#ifdef SUN
uniform vec3 sun_direction; uniform vec3 sun_light; uniform mat4 T_sun_world; uniform float sun_texel;
uniform sampler2DShadow sun_shadow;
float sunlit(vec3 n) {
    vec3 at = (T_sun_world * vec4(position + n * sun_texel * 1.5, 1.0)).xyz * 0.5 + 0.5;
    if (any(lessThan(at, vec3(0.0))) || any(greaterThan(at, vec3(1.0)))) return 1.0;
    vec3 aside = vec3(0.4, 0.3, 0.0) / float(textureSize(sun_shadow, 0).x);
    return 0.5 * (texture(sun_shadow, at + aside) + texture(sun_shadow, at - aside));
}
#endif
#ifdef LAMP
uniform vec3 spot_position[SPOTS]; uniform vec3 spot_light[SPOTS]; uniform vec4 spot_facing[SPOTS];
vec3 from_spot(int i, vec3 n, float open) {
    vec3 away = spot_position[i] - position;
    float apart = dot(away, away), near = inversesqrt(apart);
    float facing = max(dot(n, away), 0.0) * near * max(spot_facing[i].w - dot(spot_facing[i].xyz, away) * near, 0.0);
    return spot_light[i] * (facing / (apart + 0.05) * (0.5 + 0.5 * open));
}
#ifdef GLOSS
float highlight(int i, vec3 n, vec3 v, float sharp) {
    return pow(max(dot(n, normalize(v + normalize(spot_position[i] - position))), 0.0), sharp);
}
#endif
uniform sampler2DShadow lamp_shadow; uniform vec2 lamp_depth;
// The six pyramids of gl_shadows.lamp_projections lie along the axes, so that no matrices are needed.
float lamplit(vec3 n) {
    vec3 away = position + n * 0.02 - spot_position[0], size = abs(away);
    bool x = size.x > size.y && size.x > size.z, y = !x && size.y > size.z;
    vec3 along = x ? away : y ? away.yzx : away.zxy;
    float far = abs(along.x), axis = x ? 0.0 : y ? 1.0 : 2.0, back = step(along.x, 0.0);
    vec2 tile = vec2(along.y, along.z * (1.0 - 2.0 * back)) / far * 0.5 + 0.5;
    float face = 2.0 * axis + back, row = step(2.5, face);
    vec2 at = (clamp(tile, 0.004, 0.996) + vec2(face - 3.0 * row, row)) / vec2(3.0, 2.0);
    return texture(lamp_shadow, vec3(at, (lamp_depth.x - lamp_depth.y / far) * 0.5 + 0.5));
}
#endif
#ifdef GLOSS
uniform float outdoors;
#endif
#ifdef FOG
uniform float fog;
#endif
// Two taps along the longer side of the pixel's footprint keep floors sharp that are seen at a low angle.
vec3 texel() {
    vec2 at = vec2(uv.x, -uv.y), dx = dFdx(at), dy = dFdy(at), size = vec2(textureSize(albedo, 0));
    float across_x = dot(dx * size, dx * size), across_y = dot(dy * size, dy * size);
    vec2 longer = across_x > across_y ? dx : dy;
    float lod = 0.5 * log2(max(max(min(across_x, across_y), 0.25 * max(across_x, across_y)), 1e-8));
    return linear(0.5 * (textureLod(albedo, at - 0.25 * longer, lod).rgb
                       + textureLod(albedo, at + 0.25 * longer, lod).rgb));
}
void main() {
    vec3 base = linear(look.rgb);
    if (textured) base *= texel();
    vec3 v = normalize(eye - position), n = normalize(normal);
    if (dot(n, v) < 0.0) n = -n;
    float open = texelFetch(opens, ivec2(gl_FragCoord.xy) / 2, 0).r;
    vec3 light = mix(below, above, n.y * 0.5 + 0.5) * open;
#ifdef GLOSS
    float gloss = look.a, sharp = exp2(2.0 + 8.0 * sqrt(gloss));
    vec3 shine = vec3(0.0);
#endif
#ifdef SUN
    float sun_facing = max(dot(n, sun_direction), 0.0);
    vec3 sun = sun_light * sun_facing * sunlit(n);
    light += sun;
#ifdef GLOSS
    shine += sun * pow(max(dot(n, normalize(v + sun_direction)), 0.0), sharp);
#endif
#endif
#ifdef LAMP
    vec3 lamp = from_spot(0, n, open) * lamplit(n);
    light += lamp;
#ifdef GLOSS
    shine += lamp * highlight(0, n, v, sharp);
#endif
    for (int i = 1; i < SPOTS; i++) {
        vec3 spot = from_spot(i, n, open);
        light += spot;
#ifdef GLOSS
        shine += spot * highlight(i, n, v, sharp);
#endif
    }
#endif
#ifdef GLOSS
    float grazing = gloss * (2.0 - gloss - (1.0 - gloss) * (1.0 - pow(1.0 - max(dot(n, v), 0.0), 5.0)));
    vec3 mirrored = reflect(-v, n);
    vec3 around = mix(mix(below, above, mirrored.y * 0.5 + 0.5), sky(mirrored, 6.0 - 5.0 * gloss), outdoors);
    vec3 radiance = base * light * (1.0 - gloss) + (around * open + shine * (sharp + 8.0) / 25.0) * grazing;
#else
    vec3 radiance = base * light;
#endif
#ifdef FOG
    radiance = mix(sky(vec3(-v.x, 0.02, -v.z), 5.0), radiance, exp(-fog * z));
#endif
    colour = vec4(photo(radiance), 1.0);
}
"""


def surface_fragment(features: frozenset[Feature], spots: int) -> str:
    """The shader of surfaces with what is asked for.

    Args:
        spots: how many point lights there are; a loop whose end is known is several times as fast in software.
    """
    defines = "".join(f"#define {feature}\n" for feature in sorted(features))
    return f"#version 330\n#define SPOTS {spots}\n" + defines + _SURFACE.replace("COMMON", COMMON)
