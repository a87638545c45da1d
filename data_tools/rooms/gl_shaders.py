"""The shaders of `gl.py`, GLSL 3.30. What they compute is said here; when they run, there.

Clip coordinates keep the picture's rows from the top down, so that what is read back needs no turning.
"""

from typing import Literal

SPOTS = 8
"""How many point lights a scene may have."""

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

DEPTH_VERTEX = """
#version 330
in vec3 in_position;
uniform mat4 T_clip_world; uniform vec4 forward;
out float z;
void main() {
    z = dot(forward, vec4(in_position, 1.0));
    gl_Position = T_clip_world * vec4(in_position, 1.0);
}
"""

DEPTH_FRAGMENT = """
#version 330
in float z; out float depth;
void main() { depth = z; }
"""

SHADOW_VERTEX = """
#version 330
in vec3 in_position; uniform mat4 T_clip_world;
void main() { gl_Position = T_clip_world * vec4(in_position, 1.0); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""

FULL_VERTEX = """
#version 330
out vec2 clip;
void main() {
    clip = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
    gl_Position = vec4(clip, 1.0, 1.0);
}
"""

# Scalable ambient obscurance (McGuire, Mara, Luebke 2012), equation 10 without its hierarchy: how much of the
# half-space above a point is taken by what is near, from twelve depths around its pixel.
OCCLUSION_FRAGMENT = """
#version 330
uniform sampler2D depths; uniform vec4 pinhole; uniform vec2 size; uniform float reach;
out float open;
const int TAPS = 10;
vec3 seen(vec2 pixel) {
    float z = texelFetch(depths, ivec2(clamp(pixel, vec2(0.0), size - 1.0)), 0).r;
    return vec3((floor(pixel) + 0.5 - pinhole.zw) / pinhole.xy, 1.0) * z;
}
void main() {
    vec2 pixel = floor(gl_FragCoord.xy) * 2.0;
    vec3 here = seen(pixel);
    open = 1.0;
    if (here.z <= 0.0) return;
    vec3 right = seen(pixel + vec2(1, 0)) - here, left = here - seen(pixel - vec2(1, 0));
    vec3 down = seen(pixel + vec2(0, 1)) - here, up = here - seen(pixel - vec2(0, 1));
    vec3 normal = normalize(cross(abs(down.z) < abs(up.z) ? down : up, abs(right.z) < abs(left.z) ? right : left));
    if (dot(normal, here) > 0.0) normal = -normal;
    // Near the camera a reach would span the picture: there it is less.
    float radius = min(reach * pinhole.x / here.z, 0.15 * size.x), far = radius * here.z / pinhole.x;
    float turn = 6.2832 * fract(52.9829 * fract(dot(mod(floor(gl_FragCoord.xy), 4.0), vec2(0.0671, 0.5837)) * 11.3));
    float taken = 0.0;
    for (int i = 0; i < TAPS; i++) {
        float share = (float(i) + 0.5) / float(TAPS), angle = turn + share * 6.2832 * 3.0;
        vec3 other = seen(pixel + 0.5 + share * radius * vec2(cos(angle), sin(angle)));
        if (other.z <= 0.0) continue;
        vec3 away = other - here;
        float apart = dot(away, away), fall = max(far * far - apart, 0.0);
        taken += fall * fall * fall * max((dot(away, normal) - 0.01 * here.z) / (apart + 0.0001 * here.z), 0.0);
    }
    open = max(0.2, 1.0 - taken * 3.5 / (float(TAPS) * pow(far, 5.0)));
}
"""

# The noise of the turned taps repeats every four pixels: the mean over such a block takes it away.
BLUR_FRAGMENT = """
#version 330
uniform sampler2D opens; uniform sampler2D depths; uniform vec2 size;
out float open;
void main() {
    ivec2 here = ivec2(gl_FragCoord.xy);
    float z = texelFetch(depths, min(here * 2, ivec2(size) - 1), 0).r, sum = 0.0001, total = 0.0001;
    for (int dy = -2; dy < 2; dy++) for (int dx = -2; dx < 2; dx++) {
        ivec2 there = clamp(here + ivec2(dx, dy), ivec2(0), textureSize(opens, 0) - 1);
        float other = texelFetch(depths, min(there * 2, ivec2(size) - 1), 0).r;
        float weight = abs(other - z) < 0.06 * z ? 1.0 : 0.0;
        sum += weight * texelFetch(opens, there, 0).r; total += weight;
    }
    open = sum / total;
}
"""

SKY_FRAGMENT = """
#version 330
in vec2 clip; uniform mat3 R_world_clip; uniform sampler2D panorama; uniform float gain; uniform float exposure;
out vec4 colour;
COMMON
void main() { colour = vec4(photo(sky(R_world_clip * vec3(clip, 1.0), 0.0)), 1.0); }
"""

COMMON = """
// sRGB to linear and back by polynomials, within 0.003 of the curves, since powers are slow in software.
vec3 linear(vec3 c) { return c * (c * (c * 0.305306011 + 0.682171111) + 0.012522878); }
vec3 photo(vec3 light) {
    vec3 a = sqrt(1.0 - exp(-exposure * light)), b = sqrt(a), c = sqrt(b);
    return 0.662002687 * a + 0.684122060 * b - 0.323583601 * c - 0.0225411470 * a * a;
}
#ifndef NO_SKY
vec3 sky(vec3 towards, float lod) {
    vec3 d = normalize(towards);
    vec2 at = vec2(atan(d.x, -d.z) / 6.2831853 + 0.5, acos(clamp(d.y, -1.0, 1.0)) / 3.1415927);
    return gain * linear(textureLod(panorama, at, lod).rgb);
}
#endif
"""
SKY_FRAGMENT = SKY_FRAGMENT.replace("COMMON", COMMON)

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
uniform int spots; uniform vec3 spot_position[SPOTS]; uniform vec3 spot_light[SPOTS]; uniform vec4 spot_facing[SPOTS];
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
uniform sampler2DShadow lamp_shadow; uniform mat4 T_lamp_world[6];
float lamplit(vec3 n) {
    vec3 from = position + n * 0.02, away = from - spot_position[0], size = abs(away);
    int face = size.x > size.y && size.x > size.z ? (away.x > 0.0 ? 0 : 1)
             : size.y > size.z ? (away.y > 0.0 ? 2 : 3) : (away.z > 0.0 ? 4 : 5);
    vec4 at = T_lamp_world[face] * vec4(from, 1.0);
    vec3 tile = clamp(at.xyz / at.w * 0.5 + 0.5, vec3(0.004), vec3(0.996));
    tile.xy = (tile.xy + vec2(face % 3, face / 3)) / vec2(3.0, 2.0);
    return texture(lamp_shadow, tile);
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
    return 0.5 * (linear(textureLod(albedo, at - 0.25 * longer, lod).rgb)
                + linear(textureLod(albedo, at + 0.25 * longer, lod).rgb));
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
    for (int i = 1; i < spots; i++) {
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


def surface_fragment(features: frozenset[Feature]) -> str:
    """The shader of surfaces with what is asked for."""
    defines = "".join(f"#define {feature}\n" for feature in sorted(features))
    return "#version 330\n" + defines + _SURFACE.replace("COMMON", COMMON).replace("SPOTS", str(SPOTS))
