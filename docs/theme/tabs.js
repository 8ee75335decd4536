// Tabs of languages. Without this script a page shows every language, one below the other, each under its name.
'use strict';
(() => {
    const KEY = 'skiplino-language';
    const groups = [...document.querySelectorAll('.tabs')];
    const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
    const remember = (name) => { try { localStorage.setItem(KEY, name); } catch { /* The choice is lost on the next page. */ } };

    // A choice holds for all groups of the page that have the language.
    const choose = (name) => {
        for (const { tabs } of made) {
            if (!tabs.some((tab) => tab.textContent === name)) continue;
            for (const tab of tabs) {
                const chosen = tab.textContent === name;
                tab.setAttribute('aria-selected', chosen);
                tab.tabIndex = chosen ? 0 : -1;
                document.getElementById(tab.getAttribute('aria-controls')).hidden = !chosen;
            }
        }
    };

    const made = groups.map((group, number) => {
        const list = document.createElement('div');
        list.setAttribute('role', 'tablist');
        list.setAttribute('aria-label', 'Language');
        const panels = [...group.querySelectorAll(':scope > .tab')];
        const tabs = panels.map((panel, index) => {
            const tab = document.createElement('button');
            tab.type = 'button';
            tab.textContent = panel.dataset.name;
            tab.id = `tab-${number}-${index}`;
            panel.id = `panel-${number}-${index}`;
            tab.setAttribute('role', 'tab');
            tab.setAttribute('aria-controls', panel.id);
            panel.setAttribute('role', 'tabpanel');
            panel.setAttribute('aria-labelledby', tab.id);
            list.append(tab);
            return tab;
        });
        list.addEventListener('click', (event) => {
            const tab = event.target.closest('[role=tab]');
            if (!tab) return;
            // The content above changes its height; scroll so that the clicked tab stays in place.
            const before = tab.getBoundingClientRect().top;
            choose(tab.textContent);
            remember(tab.textContent);
            window.scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: 'instant' });
        });
        list.addEventListener('keydown', (event) => {
            const at = tabs.indexOf(document.activeElement);
            const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
            if (at < 0 || next === undefined) return;
            event.preventDefault();
            // mdBook turns pages with the same keys.
            event.stopPropagation();
            const tab = tabs[(next + tabs.length) % tabs.length];
            tab.focus();
            tab.click();
        });
        group.prepend(list);
        group.classList.add('made');
        return { tabs };
    });
    for (const { tabs } of made) choose(tabs[0].textContent);
    choose(remembered());

    // Make scrollable code and tables reachable by keyboard.
    for (const wide of document.querySelectorAll('main pre > code, main .table-wrapper')) wide.tabIndex = 0;
})();
