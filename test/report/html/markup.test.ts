import fc from 'fast-check';
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { escapeText, html, trusted } from '../../../src/report/html/markup.js';

describe('html', () => {
  it('escapes texts, and takes markup and lists of it as they are', () => {
    const items = ['a<b', `"it's"`].map((text) => html`<li title="${text}">${text}</li>`);
    expect(html`<ul>${items}</ul>${null}${3}${trusted('<hr>')}`.markup).toBe(
      '<ul><li title="a&lt;b">a&lt;b</li><li title="&quot;it&#39;s&quot;">&quot;it&#39;s&quot;</li></ul>3<hr>',
    );
  });

  it('gives back any text, from an element and from an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { document } = parseHTML(html`<p title="${text}">${text}</p>`.markup);
        const shown = document.querySelector('p');
        expect([shown?.textContent, shown?.getAttribute('title')]).toEqual([text, text]);
        expect(document.querySelectorAll('*')).toHaveLength(1);
      }),
    );
    expect(escapeText('</script><img src=x onerror="alert(1)">&amp;')).toBe(
      '&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;amp;',
    );
  });
});
