"""The small shaders of `gl.py`, GLSL 3.30, and what they share with that of surfaces.

Clip coordinates keep the picture's rows from the top down, so that what is read back needs no turning.
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
